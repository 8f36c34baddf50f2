"""Write JASS's reconstituted exports, forms and ground truth under a root.

Python -m programmes.jass.reconstitution [ROOT].
"""

import sys
from pathlib import Path

from .accounts import PROGRAMME, write_accounts
from .dirt_registers import soil_register, soil_training
from .dirt_visits import orphans, soil_visits
from .exports import write_register, write_training, write_visits
from .finance import grants_table, soil_grants, write_grants
from .forms import SURVEYS, write_form
from .submissions import apprentices_table, training_table, visits_table


def main(root: Path) -> None:
    """Write everything."""
    for form in SURVEYS:
        write_form(form, root / PROGRAMME / "formulaires" / f"{form}.xlsx")
    visits, register, training, grants = (
        visits_table(),
        apprentices_table(),
        training_table(),
        grants_table(),
    )
    soil_visits(visits)
    write_visits(visits, orphans(visits), root)
    soil_register(register)
    write_register(register, root)
    soil_training(training)
    write_training(training, root)
    soil_grants(grants)
    write_grants(grants, root)
    write_accounts([visits, register, training, grants], root)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parents[3])
