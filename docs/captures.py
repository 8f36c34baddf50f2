"""The pictures of the guides, taken anew from real sets.

`.venv/bin/python docs/captures.py`, with Debian's chromium and libreoffice-writer.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pypdfium2
from PIL import Image, ImageOps

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
JASS, EAU = ROOT / "outputs" / "jass", ROOT / "outputs" / "eau"
SETS = (("report", "jass"), ("brief", "jass"), ("dashboard", "jass"), ("report", "eau"))
GREY, RULE, COLOURS = "#eef0f2", "#c8ced3", 64
PAGE = 680  # pixels of width


def main():
    """Write the pictures into docs/."""
    for verb, programme in SETS:
        subprocess.run([sys.executable, "-m", "capidoc", verb, programme], cwd=ROOT, check=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        save(
            side_by_side(
                pages(
                    JASS / "capitalisation.pdf",
                    510,
                    ("Appui aux", "L’essentiel 80", "3. Résultats", "part de femmes"),
                )
            ),
            "apercu",
        )
        save(card(folder), "images/page")
        save(side_by_side(pages(JASS / "note.pdf", PAGE)), "images/note")
        save(side_by_side(pages(JASS / "tableau_de_bord.pdf", PAGE)[:2]), "images/tableau_de_bord")
        save(
            shot((JASS / "interne" / "qualite.html").as_uri(), folder, 1100, 820), "images/qualite"
        )
        save(
            side_by_side(
                pages(
                    as_pdf(JASS / "capitalisation.docx", folder),
                    PAGE,
                    ("L’essentiel 80", "3. Résultats"),
                )
            ),
            "images/word",
        )
        save(lab(folder), "images/jupyterlab")
        save(
            side_by_side(
                pages(
                    EAU / "capitalisation.pdf",
                    PAGE,
                    ("L’essentiel 40", "Une eau protégée pour plus"),
                )
            ),
            "images/eau",
        )


def save(picture, name):
    """Write docs/<name>.png, in few colours."""
    target = DOCS / f"{name}.png"
    target.parent.mkdir(exist_ok=True)
    picture.convert("RGB").quantize(
        COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    ).save(target, optimize=True)
    print(
        f"{target.relative_to(ROOT)} : {picture.width} × {picture.height}, "
        f"{target.stat().st_size // 1000} ko"
    )


def pages(pdf, width, wanted=()):
    """The pages of a PDF as pictures.

    When words are wanted, the first page that holds each, contents left aside.
    """
    document = pypdfium2.PdfDocument(pdf)
    words = [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    numbers = [
        next(n for n, said in enumerate(words) if word in said and "Sommaire" not in said)
        for word in wanted
    ] or range(len(document))
    return [document[n].render(scale=width / document[n].get_width()).to_pil() for n in numbers]


def side_by_side(pictures):
    """The pictures in a row, framed."""
    framed = [ImageOps.expand(ImageOps.expand(picture, 1, RULE), 10, GREY) for picture in pictures]
    row = Image.new("RGB", (sum(p.width for p in framed), max(p.height for p in framed)), GREY)
    for place, picture in enumerate(framed):
        row.paste(picture, (sum(p.width for p in framed[:place]), 0))
    return row


def card(folder):
    """The web page at its essentials, a number chosen: what stands behind it is told."""
    text = (JASS / "capitalisation.html").read_text(encoding="utf-8")
    text = re.sub(
        r'(<data (?=[^>]*data-ind="revenu_mensuel\.variation"))', r"\1autofocus ", text, count=1
    )
    copy = folder / "page.html"
    copy.write_text(
        text.replace("</style>", ".couverture { display: none }</style>", 1), encoding="utf-8"
    )  # Chromium would not picture a page scrolled
    return shot(copy.as_uri(), folder, 1100, 820)


def shot(address, folder, width, height, wait=8000):
    """A picture of what Chromium shows of an address."""
    target = folder / "shot.png"
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}",
        f"--window-size={width},{height}",
        f"--virtual-time-budget={wait}",
        f"--screenshot={target}",
        address,
    ]
    subprocess.run(command, capture_output=True, timeout=180, check=True)
    with Image.open(target) as picture:
        return picture.convert("RGB")


def as_pdf(document, folder):
    """The PDF that LibreOffice makes of a Word document."""
    profile = (folder / "office").as_uri()
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation={profile}",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            folder,
            document,
        ],
        capture_output=True,
        timeout=180,
        check=True,
    )
    return folder / document.with_suffix(".pdf").name


def lab(folder):
    """JupyterLab, open on an executed notebook."""
    shown, told = (
        folder / "carnets",
        folder
        / "lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings",
    )
    shutil.copytree(JASS / "interne" / "carnets", shown)
    told.parent.mkdir(parents=True)
    told.write_text('{"fetchNews": "false"}', encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "ServerApp": {"open_browser": False, "port": port, "allow_root": True},
        "IdentityProvider": {"token": ""},
    }
    (folder / "jupyter_server_config.json").write_text(json.dumps(settings), encoding="utf-8")
    own = {
        name: str(folder)
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    }
    here = (
        os.environ
        | own
        | {"JUPYTERLAB_SETTINGS_DIR": str(folder / "lab/user-settings"), "PYTHONPATH": str(ROOT)}
    )
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", f"--notebook-dir={shown}"],
        env=here,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        time.sleep(8)
        return shot(
            f"http://127.0.0.1:{port}/lab/tree/02_effects.ipynb", folder, 1300, 1250, 60000
        ).resize((1040, 1000))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
