"""Config: what people decided about a programme — its folder, programme.yml, the plan, corrections, prices."""
