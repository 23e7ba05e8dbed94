"""How many machines run when: schedules, profiles, bounds, and what a pool of them costs."""
