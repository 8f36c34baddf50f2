"""Config: what people decided about a programme — programme.yml, plan, corrections, prices."""
