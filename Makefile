# From data/raw to outputs: `make report` is all that most people need; `make help` lists the rest.
PROGRAMME ?= jass
COMMUNE   ?= toutes
DEBUT     ?=
FIN       ?=
PROFIL    ?= public

PYTHON  ?= python3
VENV    := .venv
AUDIT   := .venv-audit
WHEELS  := wheels
READY   := $(VENV)/.ready
CAPIDOC := $(VENV)/bin/python -m capidoc
SCOPE    = $(PROGRAMME) $(WHERE)
NAMED    = $(if $(filter command environment,$(firstword $(origin PROGRAMME))),$(PROGRAMME))
WHERE    = --commune "$(COMMUNE)" --debut "$(DEBUT)" --fin "$(FIN)" --profil "$(PROFIL)"

.DEFAULT_GOAL := help
.PHONY: help report brief sheet dashboard all portfolio data effects check disclosure verify claims fetch import new test wheels audit lab clean

report: ## le document de capitalisation : outputs/jass/capitalisation.html, .docx et .pdf
brief: ## la note de deux pages : outputs/jass/note.html, .docx et .pdf
sheet: ## la fiche d’une page d’une commune : make sheet COMMUNE=niono
dashboard: ## le tableau de bord mensuel de l’équipe

all: $(READY) ## tous les livrables de tous les programmes ; l’un en panne n’arrête pas les autres
	@$(CAPIDOC) all $(NAMED) --profil "$(PROFIL)"

portfolio: $(READY) ## beaucoup de jeux à la fois : make portfolio TABLEAU=jeux.csv, sur un cluster avec SCHEDULER=tcp://…
	@SCHEDULER="$(SCHEDULER)" $(CAPIDOC) portfolio $(if $(TABLEAU),"$(TABLEAU)") --profil "$(PROFIL)"

data: ## nettoyer seulement : observations, journal, rejets dans data/processed
effects: ## nettoyer, puis calculer les faits
check: ## qualité des données et des chiffres publiés : à l’écran, et outputs/jass/interne/qualite.html
disclosure: ## ce qu’une publication masquerait, par quelle règle, et ce qui le montrerait
verify: ## relire le jeu publié : chaque empreinte, chaque nombre
report brief sheet dashboard data effects check disclosure verify: $(READY)
	@$(CAPIDOC) $@ $(SCOPE)

fetch: $(READY) ## aller chercher les nouvelles fiches sur KoboToolbox ou ODK Central, dans data/raw ; PIECES=photo : les fichiers de cette question aussi
	@$(CAPIDOC) fetch $(PROGRAMME) $(if $(PIECES),--pieces-jointes $(PIECES))

claims: $(READY) ## proposer les chiffres que publie un texte : make claims TEXTE=rapport.docx
	@$(CAPIDOC) claims $(PROGRAMME) --texte "$(TEXTE)"

import: $(READY) ## reprendre dans recit/ un Word retouché : make import FICHIER=capitalisation.docx, puis avec OUI=1 pour écrire
	@$(CAPIDOC) import $(PROGRAMME) "$(FICHIER)" $(WHERE) $(if $(OUI),--oui)

test: $(READY) ## tous les tests
	@$(VENV)/bin/ruff check -q
	@$(VENV)/bin/ruff format -q --check
	@$(VENV)/bin/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

new: $(READY) ## commencer un programme : make new PROGRAMME=nutrition FORMULAIRE=formulaire.xlsx DONNEES=export.xlsx
	@$(CAPIDOC) new $(PROGRAMME) $(if $(FORMULAIRE),--formulaire "$(FORMULAIRE)") $(if $(DONNEES),--donnees "$(DONNEES)")

wheels: ## remplir wheels/ pour une machine sans réseau du même système : copiez ce dossier, make s’en sert
	@$(PYTHON) -m pip download --quiet --disable-pip-version-check --require-hashes -r requirements.lock -d $(WHEELS)

audit: ## failles connues des bibliothèques, et leur nomenclature dans sbom.json (réseau requis)
	@test -x $(AUDIT)/bin/pip-audit || { $(PYTHON) -m venv --without-pip $(AUDIT) && $(PYTHON) -m pip --python $(AUDIT)/bin/python install -q pip-audit cyclonedx-bom; }
	@$(AUDIT)/bin/cyclonedx-py requirements requirements.lock --output-reproducible -o sbom.json
	@$(AUDIT)/bin/pip-audit --disable-pip --require-hashes -r requirements.lock

lab: $(READY) ## JupyterLab sur les carnets
	@$(CAPIDOC) lab

clean: ## effacer ce qui peut être refait ; un fichier que vous avez retouché est gardé
	@test ! -x $(VENV)/bin/python || $(CAPIDOC) clean $(NAMED)

help: ## cette liste
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  Variables : PROGRAMME=jass COMMUNE=niono DEBUT=2022-05 FIN=2023-03 PROFIL=public|interne"

# `--without-pip` and the outer pip: Debian's bare python3 has pip but not ensurepip.
$(READY): requirements.lock
	@echo "Préparation de l’environnement, une seule fois ($(if $(wildcard $(WHEELS)),depuis $(WHEELS)/,environ 230 Mo à télécharger))…"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Il faut Python 3.11 ou plus récent." >&2; exit 1; }
	@test ! -L $(VENV) || { echo "$(VENV) est un lien, et vider ce dossier viderait celui d’un autre : supprimez le lien (rm $(VENV)), puis relancez." >&2; exit 1; }
	@$(PYTHON) -m venv --clear --without-pip $(VENV)
	@$(PYTHON) -m pip --python $(VENV)/bin/python install --quiet --disable-pip-version-check $(if $(wildcard $(WHEELS)),--no-index --find-links $(WHEELS)) --require-hashes -r requirements.lock
	@touch $@
