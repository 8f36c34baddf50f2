# The oracle of the designs: what R's survey package says of a small sample, estimate by estimate.
#
#   Rscript tests/references/survey_designs.R          (R 4.2.2, survey 4.1.1)
#
# It writes, beside itself:
#   survey_sample.csv   households, one row per round;
#   survey_members.csv  their members, one row each: a repeat, that sex cuts in two;
#   survey_answers.csv  the answers, which tests/analysis/test_survey_designs.py compares.
# The three are committed: tests do not need R. The same seed gives the same files.
#
# Conventions
# - Every interval is Student's with the degrees of freedom of the whole design, degf(D), a domain's
#   too: confint(..., df = degf(D)). survey's own default is the normal law.
# - A share (percent) whose interval would pass 0 or 100 has Korn and Graubard's: svyciprop "beta",
#   with the degrees of freedom of the whole design.
# - A ratio leaves out the records whose denominator is 0 or missing; a missing numerator counts 0.
# - A level is a domain (known, in the group) of all the units of its round.
# - A change over a panel is that of the units known at both rounds; they are the sample.
# - The change of fresh samples is that of independent ones: each round has its own strata.
# - deff is "replace": against a simple random sample with replacement, of as many records; of a
#   repeat, deff_units is that against as many units, each with the sums of its rows.

suppressMessages(library(survey))
options(digits = 15, survey.lonely.psu = "fail")
place <- function(name) {
  script <- sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))
  file.path(dirname(script), name)
}

# ---- The sample ---------------------------------------------------------------------------------

set.seed(19, kind = "Mersenne-Twister", normal.kind = "Inversion", sample.kind = "Rejection")

villages <- data.frame(
  grappe = sprintf("V%02d", 1:15),
  # « strate_fine » has a stratum of one village, « ile »; in « strate », it is of the south.
  strate_fine = rep(c("nord", "centre", "sud", "ile"), c(5, 6, 3, 1)),
  villages = rep(c(40, 55, 24, 6), c(5, 6, 3, 1)),
  commune = c("niono", "mpessoba")[c(1, 1, 2, 2, 1, 2, 1, 2, 1, 2, 1, 2, 2, 1, 1)],
  milieu = c("rural", "urbain")[c(1, 2, 1, 1, 2, 1, 1, 2, 1, 2, 1, 1, 1, 2, 1)],
  bras = c("appui", "temoin")[c(1, 2, 1, 2, 1, 2, 1, 1, 2, 2, 1, 1, 2, 2, 1)],
  tirees = c(9, 6, 11, 7, 5, 12, 8, 6, 10, 4, 7, 9, 8, 10, 8),
  effet = round(rnorm(15, 0, 14))
)
villages$strate <- sub("ile", "sud", villages$strate_fine)
villages$villages[villages$strate == "sud"] <- 30
villages$menages <- c(nord = 900, centre = 1400, sud = 700)[villages$strate]

households <- function(names, village, round, growth) {
  n <- length(names)
  v <- villages[village, ]
  supported <- v$bras == "appui"
  head <- ifelse(runif(n) < 0.4, "femme", "homme")
  surface <- round(rgamma(n, 4, 2), 1)
  surface[sample(n, 4)] <- 0
  level <- 60 + v$effet + 12 * (head == "homme") + growth * (1 + 2 * supported)
  answer <- function(chance) ifelse(runif(n) < chance, "oui", "non")
  some <- function(x, k, holes = n > k) replace(x, sample(n, k * holes), NA)
  data.frame(
    passage = round, menage = names, grappe = v$grappe, strate = v$strate,
    strate_fine = v$strate_fine, villages = v$villages, menages_strate = v$menages,
    commune = v$commune, milieu = v$milieu, bras = v$bras, sexe = head,
    poids = round(4 * runif(n, 6, 16) * c(nord = 2, centre = 2.5, sud = 1.5)[v$strate]) / 4,
    revenu = some(round(pmax(3, rnorm(n, level, 18)) * 10), 6),
    acces = some(answer(0.35 + 0.1 * (growth > 0) + 0.15 * supported * (growth > 0)), 5),
    rare = some(answer(0.03), 3), courant = some(answer(0.97), 3),
    recolte = some(round(surface * rnorm(n, 850 + 15 * growth, 160)), 5),
    surface = some(surface, 4)
  )
}

first <- households(sprintf("M%03d", 1:120), rep(1:15, villages$tirees), "reference", 0)
again <- function(lost, round, growth) {
  kept <- first[-sort(sample(120, lost)), ]
  seen <- households(kept$menage, match(kept$grappe, villages$grappe), round, growth)
  seen$sexe <- kept$sexe  # the same head, other answers and other weights
  seen
}
middle <- again(9, "mi_parcours", 4)
last <- again(12, "finale", 8)
# Households that nobody saw before, so that the panel loses some and gains others.
last <- rbind(last, households(sprintf("M%03d", 121:126), c(1, 3, 6, 9, 12, 15), "finale", 8))
fresh <- households(sprintf("N%03d", 1:75), rep(1:15, each = 5), "nouveau", 8)

members <- function(round) {
  count <- rbinom(nrow(round), 6, 0.5)
  rows <- round[rep(seq_len(nrow(round)), count), c("passage", "menage")]
  n <- nrow(rows)
  data.frame(
    rows, membre = sequence(count), sexe_membre = sample(c("femme", "homme"), n, TRUE),
    heures = replace(round(rgamma(n, 3, 0.1)), sample(n, 12), NA),
    gain = replace(round(rgamma(n, 2, 0.01)), sample(n, 8), NA),
    occupe = replace(sample(c("oui", "non"), n, TRUE), sample(n, 7), NA)
  )
}
sample_rows <- rbind(first, middle, last, fresh)
member_rows <- rbind(members(first), members(last))
write_rows <- function(rows, name) {
  write.table(rows, place(name), sep = ";", na = "", quote = FALSE, row.names = FALSE)
}
write_rows(sample_rows, "survey_sample.csv")
write_rows(member_rows, "survey_members.csv")

# ---- Variables of analysis ----------------------------------------------------------------------

percent <- function(x) 100 * (x == "oui")
with_variables <- function(rows) {
  rows$part <- percent(rows$acces)
  rows$part_rare <- percent(rows$rare)
  rows$part_courant <- percent(rows$courant)
  rows$den <- ifelse(rows$surface > 0, rows$surface, NA)
  rows$num <- ifelse(is.na(rows$recolte), 0, rows$recolte)
  rows
}
sample_rows <- with_variables(sample_rows)
of_round <- function(name) sample_rows[sample_rows$passage == name, ]

# ---- Answers ------------------------------------------------------------------------------------

answers <- NULL
add <- function(design, estimate, measure, group, method, df, value, se, low, high, deff = NA,
                deff_units = NA) {
  row <- data.frame(design, estimate, measure, group, method, df, value, se, low, high, deff,
                    deff_units)
  answers <<- rbind(answers, row)
}

# Korn and Graubard's interval as svyciprop has it, but for the degrees of freedom, those of the
# whole design where svyciprop takes the domain's.
beta_interval <- function(p, v, n, df) {
  size <- p * (1 - p) / v * (qt(0.025, n - 1) / qt(0.025, df))^2
  c(qbeta(0.025, size * p, size * (1 - p) + 1), qbeta(0.975, size * p + 1, size * (1 - p)))
}

add_stat <- function(design, estimate, measure, group, stat, df, share_of = NULL,
                     deff_units = NA) {
  bounds <- c(confint(stat, df = df))
  method <- "t"
  design_effect <- suppressWarnings(as.numeric(deff(stat, quietly = TRUE)))
  if (!is.null(share_of) && (bounds[1] < 0 || bounds[2] > 100)) {
    p <- as.numeric(coef(stat)) / 100
    n <- sum(weights(share_of) != 0)
    bounds <- 100 * beta_interval(p, as.numeric(SE(stat))^2 / 1e4, n, df)
    method <- "beta"
    if (degf(share_of) == df && nrow(share_of) == n) {  # the whole: survey's own function agrees
      own <- svyciprop(as.formula(paste0("~I(", estimate, " == 100)")), share_of, method = "beta")
      stopifnot(all.equal(c(attr(own, "ci")), bounds / 100, check.attributes = FALSE))
    }
  }
  if (!length(design_effect)) design_effect <- NA
  add(design, estimate, measure, group, method, df, as.numeric(coef(stat)),
      as.numeric(SE(stat)), bounds[1], bounds[2], design_effect, deff_units)
}

add_median <- function(design, estimate, measure, group, variable, D, df) {
  found <- svyquantile(variable, D, 0.5, qrule = "school", na.rm = TRUE, df = df)[[1]]
  add(design, estimate, measure, group, "woodruff", df, found[1], found[4], found[2], found[3])
}

filled <- function(x, keep) ifelse(keep, x, 0)
everyone <- function(D) rep(TRUE, nrow(D))
groups <- function(D) {
  rows <- D$variables
  list(list("", everyone(D)), list("sexe=femme", rows$sexe == "femme"),
       list("commune=niono", rows$commune == "niono"))
}

# The levels of one round: `paired(estimate)` says which units of it are told.
levels_of <- function(design, D, measure = "valeur", paired = function(estimate) everyone(D)) {
  df <- degf(D)
  for (group in groups(D)) {
    part_of <- function(estimate, known) subset(D, known & group[[2]] & paired(estimate))
    rows <- D$variables
    known <- part_of("total", !is.na(rows$revenu))
    add_stat(design, "total", measure, group[[1]], svytotal(~revenu, known, na.rm = TRUE, deff = "replace"), df)
    add_stat(design, "moyenne", measure, group[[1]], svymean(~revenu, known, na.rm = TRUE, deff = "replace"), df)
    add_median(design, "mediane", measure, group[[1]], ~revenu, known, df)
    for (share in c("part", "part_rare", "part_courant")) {
      known <- part_of(share, !is.na(rows[[share]]))
      mean <- svymean(reformulate(share), known, na.rm = TRUE, deff = "replace")
      if (SE(mean) > 0) add_stat(design, share, measure, group[[1]], mean, df, known)
    }
    known <- part_of("moyenne_filtree", !is.na(rows$revenu) & rows$acces %in% "oui")
    mean <- svymean(~revenu, known, na.rm = TRUE, deff = "replace")
    add_stat(design, "moyenne_filtree", measure, group[[1]], mean, df)
    if (group[[1]] != "") {
      D$variables$de_groupe <- filled(100 * rows$revenu, group[[2]])
      known <- subset(D, !is.na(rows$revenu) & paired("total"))
      share <- svyratio(~de_groupe, ~revenu, known, na.rm = TRUE, deff = "replace")
      named <- paste0("part", if (measure != "valeur") paste0("_", measure))
      add_stat(design, "total", named, group[[1]], share, df, known)
    }
    known <- part_of("ratio", !is.na(rows$den))
    ratio <- svyratio(~num, ~den, known, na.rm = TRUE, deff = "replace")
    add_stat(design, "ratio", measure, group[[1]], ratio, df)
  }
}

# ---- One round: the designs ---------------------------------------------------------------------

R <- of_round("reference")
sampled_at_one_round <- function(data) {
  with_weights <- function(...) svydesign(weights = ~poids, data = data, ...)
  list(
    simple = svydesign(ids = ~1, weights = rep(1, nrow(data)), data = data),
    poids = with_weights(ids = ~menage),
    strates = svydesign(ids = ~menage, strata = ~strate, weights = rep(1, nrow(data)), data = data),
    poids_strates = with_weights(ids = ~menage, strata = ~strate),
    grappes = svydesign(ids = ~grappe, weights = rep(1, nrow(data)), data = data),
    grappes_poids = with_weights(ids = ~grappe),
    grappes_strates_poids = with_weights(ids = ~grappe, strata = ~strate),
    fpc_unites = with_weights(ids = ~menage, strata = ~strate, fpc = ~menages_strate),
    fpc_grappes = with_weights(ids = ~grappe, strata = ~strate, fpc = ~villages),
    seule = with_weights(ids = ~grappe, strata = ~strate_fine),
    seule_fpc = with_weights(ids = ~grappe, strata = ~strate_fine, fpc = ~villages)
  )
}
# What totaux_connus.csv says of the population.
known_totals <- c("(Intercept)" = 3000, milieuurbain = 1100, sexehomme = 1900)
calibrated <- function(D) calibrate(D, ~ milieu + sexe, known_totals)

designs <- sampled_at_one_round(R)
designs$calage <- calibrated(designs$poids)
designs$calage_grappes <- calibrated(designs$grappes_strates_poids)
designs$calage_fpc <- calibrated(designs$fpc_grappes)
for (name in names(designs)) {
  for (rule in if (grepl("seule", name)) c("adjust", "certainty") else "fail") {
    options(survey.lonely.psu = rule)
    levels_of(if (rule == "fail") name else paste(name, rule, sep = "_"), designs[[name]])
  }
}
options(survey.lonely.psu = "fail")

# ---- A repeat: groups that cut a unit -----------------------------------------------------------

repeated <- merge(R, member_rows, by = c("passage", "menage"), all.x = TRUE)  # some have no member
repeated$part_occupe <- percent(repeated$occupe)
repeated$heures_den <- ifelse(repeated$heures > 0, repeated$heures, NA)
repeated$gain_num <- ifelse(is.na(repeated$gain), 0, repeated$gain)
for (name in c("simple", "poids", "grappes_strates_poids", "fpc_grappes")) {
  # Without a cluster, the unit that was drawn is the household, whose members are its rows.
  D <- if (name == "simple") svydesign(ids = ~menage, weights = rep(1, nrow(repeated)),
                                       data = repeated)
       else sampled_at_one_round(repeated)[[name]]
  df <- degf(D)
  rows <- D$variables
  for (sex in c("", "femme", "homme")) {
    inside <- !is.na(rows$membre) & (sex == "" | rows$sexe_membre == sex)
    group <- if (sex == "") "" else paste0("sexe_membre=", sex)
    add_here <- function(estimate, ...) {
      add_stat(paste0("membres_", name), estimate, "valeur", group, ..., df = df)
    }
    known <- function(variable) subset(D, inside & !is.na(rows[[variable]]))
    ones <- update(D, un = as.numeric(inside))
    add_here("nombre", svytotal(~un, ones))
    if (sex != "") {
      all <- update(ones, du_sexe = 100 * un, tous = as.numeric(!is.na(membre)))
      share <- svyratio(~du_sexe, ~tous, all)
      add_stat(paste0("membres_", name), "nombre", "part", group, share, df)
    }
    # Against as many households: the sums of their rows, where some row is known.
    units <- function(over, under) {
      keep <- inside & !is.na(rows[[under]])
      sums <- rowsum(cbind(over = rows[[over]], under = rows[[under]])[keep, ], rows$menage[keep])
      of_units <- if (name == "simple") designs$simple else designs[[name]]
      at <- match(of_units$variables$menage, rownames(sums))
      subset(update(of_units, over = sums[at, "over"], under = sums[at, "under"]), !is.na(at))
    }
    by_unit <- function(over, under) {
      as.numeric(deff(svyratio(~over, ~under, units(over, under), deff = "replace")))
    }
    total <- svytotal(~over, units("heures", "heures"), na.rm = TRUE, deff = "replace")
    add_here("total_heures", svytotal(~heures, known("heures"), na.rm = TRUE, deff = "replace"),
             deff_units = as.numeric(deff(total)))
    D <- update(D, un_heures = ifelse(is.na(heures), NA, 1), un_occupe = ifelse(is.na(occupe), NA, 1))
    rows <- D$variables
    add_here("moyenne_heures", svymean(~heures, known("heures"), na.rm = TRUE, deff = "replace"),
             deff_units = by_unit("heures", "un_heures"))
    add_here("part_occupe",
             svymean(~part_occupe, known("part_occupe"), na.rm = TRUE, deff = "replace"),
             deff_units = by_unit("part_occupe", "un_occupe"))
    add_here("ratio_gain",
             svyratio(~gain_num, ~heures_den, known("heures_den"), na.rm = TRUE, deff = "replace"),
             deff_units = by_unit("gain_num", "heures_den"))
  }
}

# ---- Two or three rounds ------------------------------------------------------------------------

# Every change is a function of totals of one design in which the rounds are stacked.
totals_of <- function(D, columns) svytotal(reformulate(columns), D)

# Differences and variations of total, mean, share and ratio, each within the groups of `D`.
# `pieces` are the columns of the numerator and of the denominator of an estimate.
pieces <- list(
  total = c("revenu", NA), moyenne = c("revenu", "un"), part = c("part", "un"),
  moyenne_filtree = c("revenu", "un"), ratio = c("num", "den")
)
known_rows <- function(rows, estimate) {
  if (estimate == "moyenne_filtree") return(!is.na(rows$revenu) & rows$acces %in% "oui")
  !is.na(rows[[switch(estimate, total = , moyenne = "revenu", ratio = "den", estimate)]])
}
changes_of <- function(design, D, estimate, from, to, suffix = "", among = everyone(D)) {
  rows <- D$variables
  rows$un <- 1
  df <- degf(D)
  known <- known_rows(rows, estimate) & among
  part <- pieces[[estimate]]
  for (group in groups(D)) {
    cell <- function(column, round, more = TRUE) {
      filled(rows[[column]], known & rows$passage == round & group[[2]] & more)
    }
    d <- D
    d$variables$a <- cell(part[1], from)
    d$variables$b <- cell(part[1], to)
    columns <- c("a", "b")
    if (!is.na(part[2])) {
      d$variables$p <- cell(part[2], from)
      d$variables$q <- cell(part[2], to)
      columns <- c(columns, "p", "q")
    }
    sums <- totals_of(d, columns)
    told <- function(measure, total, divided) {
      stat <- svycontrast(sums, if (is.na(part[2])) total else divided)
      add_stat(design, estimate, paste0(measure, suffix), group[[1]], stat, df)
    }
    told("difference", quote(b - a), quote(b / q - a / p))
    if (suffix == "" && estimate != "part") {
      told("variation", quote(100 * (b / a - 1)), quote(100 * (b / q / (a / p) - 1)))
    }
    if (suffix == "" && estimate == "total" && group[[1]] != "") {
      d$variables$p <- filled(rows$revenu, known & rows$passage == from)
      d$variables$q <- filled(rows$revenu, known & rows$passage == to)
      stat <- svycontrast(totals_of(d, c("a", "b", "p", "q")), quote(100 * (b / q - a / p)))
      add_stat(design, "total", "part_difference", group[[1]], stat, df)
    }
  }
}

double_differences_of <- function(design, D, estimate, from, to, among = everyone(D)) {
  rows <- D$variables
  rows$un <- 1
  known <- known_rows(rows, estimate) & among
  part <- pieces[[estimate]]
  columns <- NULL
  for (arm in c("temoin", "appui")) for (round in c(from, to)) {
    here <- known & rows$passage == round & rows$bras == arm
    over <- paste0("n", length(columns)); under <- paste0("d", length(columns))
    D$variables[[over]] <- filled(rows[[part[1]]], here)
    D$variables[[under]] <- filled(rows[[part[2]]], here)
    columns <- c(columns, over, under)
  }
  sums <- totals_of(D, columns)
  stat <- svycontrast(sums, quote((n6 / d6 - n4 / d4) - (n2 / d2 - n0 / d0)))
  add_stat(design, estimate, "double_difference", "", stat, degf(D))
  if (estimate != "ratio") {  # it is the interaction of a model of rounds and arms
    D$variables$apres <- rows$passage == to
    D$variables$appui <- rows$bras == "appui"
    told <- subset(D, known & rows$passage %in% c(from, to))
    model <- suppressWarnings(svyglm(reformulate("apres * appui", part[1]), told))
    stopifnot(all.equal(as.numeric(coef(model)[4]), as.numeric(coef(stat))))
    stopifnot(all.equal(as.numeric(SE(model)[4]), as.numeric(SE(stat))))
  }
}

drawn_as <- list(
  simple = function(d) svydesign(ids = ~menage, weights = rep(1, nrow(d)), data = d),
  poids = function(d) svydesign(ids = ~menage, weights = ~poids, data = d),
  strates = function(d) svydesign(ids = ~menage, strata = ~strate, weights = ~poids, data = d),
  grappes = function(d) svydesign(ids = ~grappe, strata = ~strate, weights = ~poids, data = d),
  fpc = function(d) svydesign(ids = ~grappe, strata = ~strate, weights = ~poids, fpc = ~villages,
                              data = d),
  adjust = function(d) svydesign(ids = ~grappe, strata = ~strate_fine, weights = ~poids, data = d)
)
known_at <- function(estimate, rounds) {
  seen <- lapply(rounds, function(round) {
    rows <- of_round(round)
    rows$menage[known_rows(rows, estimate)]
  })
  Reduce(intersect, seen)
}
panel <- function(design, drawn, rounds) {
  first <- rounds[1]
  last <- rounds[length(rounds)]
  for (estimate in names(pieces)) {
    # Those that a filter leaves out are of the panel all the same: what it keeps is a domain.
    paired <- known_at(if (estimate == "moyenne_filtree") "total" else estimate, rounds)
    stacked <- sample_rows[sample_rows$menage %in% paired & sample_rows$passage %in% rounds, ]
    D <- drawn(stacked)
    kept <- D$variables$menage %in% known_at(estimate, rounds)
    changes_of(design, D, estimate, first, last, among = kept)
    for (middle in setdiff(rounds, c(first, last))) {
      changes_of(design, D, estimate, first, middle, paste0("_", middle), kept)
    }
    if (estimate != "total") double_differences_of(design, D, estimate, first, last, kept)
  }
  for (round in rounds) {
    measure <- if (round == first) "avant" else if (round == last) "apres" else
      paste0("passage_", round)
    levels_of(design, drawn(of_round(round)), measure, function(estimate) {
      base <- if (estimate == "moyenne") "total" else estimate
      of_round(round)$menage %in% known_at(base, rounds)
    })
  }
}
ends <- c("reference", "finale")
for (name in names(drawn_as)) {
  options(survey.lonely.psu = if (name == "adjust") "adjust" else "fail")
  panel(paste0("panel_", name), drawn_as[[name]], ends)
}
options(survey.lonely.psu = "fail")
panel("trois_grappes", drawn_as$grappes, c("reference", "mi_parcours", "finale"))

# Each round calibrated to the same totals. The households of a round are all calibrated: those of
# a panel that are seen twice are then a domain.
calibrated_rounds <- function(D, rounds) {
  D$variables$tour <- factor(D$variables$passage, rounds)
  formula <- if (length(rounds) == 1) ~ milieu + sexe else ~ 0 + tour + tour:milieu + tour:sexe
  names <- colnames(model.matrix(formula, D$variables))
  urban <- grepl("milieuurbain", names)
  men <- grepl("sexehomme", names)
  totals <- ifelse(urban, known_totals[2], ifelse(men, known_totals[3], known_totals[1]))
  calibrate(D, formula, setNames(totals, names))
}
both <- sample_rows[sample_rows$passage %in% ends, ]
for (name in c("poids", "grappes")) {
  D <- calibrated_rounds(drawn_as[[name]](both), ends)
  design <- paste0("panel_calage_", name)
  for (estimate in names(pieces)) {
    paired <- D$variables$menage %in% known_at(estimate, ends)
    changes_of(design, D, estimate, "reference", "finale", among = paired)
    if (estimate != "total") {
      double_differences_of(design, D, estimate, "reference", "finale", among = paired)
    }
  }
  for (round in ends) {
    D <- calibrated_rounds(drawn_as[[name]](of_round(round)), round)
    levels_of(design, D, if (round == "reference") "avant" else "apres", function(estimate) {
      base <- if (estimate == "moyenne") "total" else estimate
      D$variables$menage %in% known_at(base, ends)
    })
  }
}

# Fresh samples: the households of the two rounds are others, and their weights.
apart <- sample_rows[sample_rows$passage %in% c("reference", "nouveau"), ]
apart$couche <- interaction(apart$passage, apart$strate, drop = TRUE)
independent <- list(
  nouveau_simple = svydesign(ids = ~menage, strata = ~passage, weights = rep(1, nrow(apart)),
                             data = apart),
  nouveau_poids = svydesign(ids = ~menage, strata = ~passage, weights = ~poids, data = apart),
  nouveau_grappes = svydesign(ids = ~grappe, strata = ~couche, weights = ~poids, nest = TRUE,
                              data = apart),
  nouveau_fpc = svydesign(ids = ~grappe, strata = ~couche, weights = ~poids, nest = TRUE,
                          fpc = ~villages, data = apart)
)
independent$nouveau_calage <-
  calibrated_rounds(independent$nouveau_grappes, c("reference", "nouveau"))
for (name in names(independent)) for (estimate in names(pieces)) {
  changes_of(name, independent[[name]], estimate, "reference", "nouveau")
  if (estimate != "total") {
    double_differences_of(name, independent[[name]], estimate, "reference", "nouveau")
  }
}

numbers <- c("value", "se", "low", "high", "deff", "deff_units")
answers[numbers] <- lapply(answers[numbers], function(x) {
  ifelse(is.finite(x), trimws(formatC(x, digits = 15, format = "g")), "")
})
write_rows(answers, "survey_answers.csv")
cat(nrow(answers), "answers,", length(unique(answers$design)), "designs\n")
