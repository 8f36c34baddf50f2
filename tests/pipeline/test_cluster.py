"""Many sets on a real Dask scheduler with two workers, one of them killed at work.

Nothing is lost, nothing is published twice.
"""

import os
import signal
import subprocess
import sys
from collections import Counter

import pytest

from capidoc.core.errors import ResourcesLacking
from capidoc.pipeline import batch, stages

from ..conftest import needs
from ..environments import lay

TABLE = "programme;commune;livrable\n" + "".join(
    f"jass;{commune};note\n" for commune in ("niono", "dieli", "mpessoba", "toutes")
)


@pytest.fixture
def cluster(tmp_path):
    """(the scheduler's address, the processes of two workers that know nothing of Capidoc), gone at
    the end.
    """

    def dask(part, *options):
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{part}", "--no-dashboard", *options],
            cwd=tmp_path,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    address = tmp_path / "ordonnanceur.json"
    started = [dask("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", address)]
    started += [
        dask(
            "worker", "--scheduler-file", address, "--nthreads", "1", "--no-nanny", "--name", str(n)
        )
        for n in (1, 2)
    ]
    yield address, started[1:]
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@needs("distributed")
def test_a_cluster_without_workers_is_told_and_so_is_the_index(cluster, tmp_path, monkeypatch):
    from distributed import Client

    file, workers = cluster
    root = lay(tmp_path / "projet")
    (tmp_path / "jeux.csv").write_text(TABLE, encoding="utf-8")
    with Client(scheduler_file=str(file)) as client:
        client.wait_for_workers(2, timeout=60)
        address = client.scheduler.address
    for worker in workers:
        worker.kill()
    monkeypatch.setattr(batch, "PATIENCE_SECONDS", 3)
    with pytest.raises(
        ResourcesLacking, match=r"aucun travailleur sur l’ordonnanceur.*dask worker"
    ):
        batch.run_batch(tmp_path / "jeux.csv", "public", address, root=root)
    page = (root / "outputs" / batch.PAGE).read_text(encoding="utf-8")
    assert page.count("échec (40)") == 4 and "aucun travailleur" in page


@needs("distributed")
def test_a_worker_killed_at_work_costs_no_set_and_publishes_none_twice(
    cluster, tmp_path, monkeypatch
):
    from distributed import Client

    file, workers = cluster
    root, published = lay(tmp_path / "projet"), Counter()
    (tmp_path / "jeux.csv").write_text(TABLE, encoding="utf-8")
    with Client(scheduler_file=str(file)) as client:
        client.wait_for_workers(2, timeout=60)
        address = client.scheduler.address
        whole = stages.replace_set

        def replace(programme, *more):
            if not published:  # the first set has come: the others are being made
                workers[0].kill()
            published[programme.scope or "toutes"] += 1
            whole(programme, *more)

        monkeypatch.setattr(stages, "replace_set", replace)
        outcomes = batch.run_batch(tmp_path / "jeux.csv", "public", address, root=root)
        left = len(client.scheduler_info()["workers"])
    assert {name: (one.code, one.message) for name, one in outcomes.items()} == dict.fromkeys(
        ("jass/niono", "jass/dieli", "jass/mpessoba", "jass"), (0, "fait")
    )
    assert left == 1
    assert published == dict.fromkeys(("niono", "dieli", "mpessoba", "toutes"), 1)
    for name in outcomes:
        assert {f"note.{kind}" for kind in stages.FORMATS} <= {
            p.name for p in (root / "outputs" / name).iterdir()
        }
    again = batch.run_batch(tmp_path / "jeux.csv", "public", address, root=root)
    assert {one.message for one in again.values()} == {"rien à refaire"} and sum(
        published.values()
    ) == 4
