"""Attacks on the built program, each with what may be while it goes on: `make abuse`.

`figures` says what was found and whether it may be; `innocent` is who is measured meanwhile, in a process of its own;
`target` is what is attacked. Each of the others holds the attacks on one promise, `peers` those on other programs, and
`known` which of them the program does not withstand yet, and why.
"""
