"""What does KoboToolbox hold: the submissions of a form, or the workbook of a saved export setting."""

from capidoc.core.errors import ConfigurationRefused, InputUnreadable, Problem, suggest
from capidoc.ingest.fetching.attachments import File
from capidoc.ingest.fetching.http_client import get, is_list_of_objects, read_pages

PAGE = ("results", "next", "count")
ATTACHED = ("question_xpath", "media_file_basename", "download_url")


def submissions(link, asked, kept):
    """The submissions as the API gives them, by their number, which an edit does not change."""
    found = read_pages(
        link, f"{_asset(link, asked)}/data.json?limit=1000&sort=%7B%22_id%22%3A1%7D", PAGE, kept
    )
    if not all(str(one.get("_id")).isdecimal() for one in found):
        raise InputUnreadable(
            Problem("fiches sans numéro", "« _id » dans chaque fiche", value=link.server)
        )
    return sorted(found, key=lambda one: int(one["_id"]))


def download_export(link, asked, kept):
    """The bytes of the saved export setting of that name, downloaded as they are."""
    settings = {
        one.get("name"): one
        for one in read_pages(link, f"{_asset(link, asked)}/export-settings/", PAGE, kept)
    }
    if asked.export not in settings:
        raise ConfigurationRefused(
            Problem(
                "réglage d’export inconnu sur le serveur",
                remedy=suggest(asked.export, settings),
                value=asked.export,
            )
        )
    return get(link, str(settings[asked.export].get("data_url_xlsx")))


def list_attachments(link, asked, kept, questions):
    """The Files that the server holds of those questions, in repeats too: « groupe[1]/photo »."""
    for one in submissions(link, asked, kept):
        held = one.get("_attachments") or []
        if not is_list_of_objects(held) or not all(told.keys() >= {*ATTACHED} for told in held):
            raise InputUnreadable(
                Problem(
                    "pièces jointes sans question ni adresse",
                    "ce que dit un KoboToolbox de 2024 ou plus récent",
                    value=link.server,
                )
            )
        for told in held:
            path, name, url = (str(told[key]) for key in ATTACHED)
            if (question := path.rsplit("/", 1)[-1]) in questions and not told.get("is_deleted"):
                yield File(one["_id"], question, name, url)


def _asset(link, asked):
    return f"{link.server}/api/v2/assets/{asked.formulaire}"
