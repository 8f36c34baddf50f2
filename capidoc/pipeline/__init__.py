"""Pipeline: in what order notebooks run, and how the set that they make is published."""
