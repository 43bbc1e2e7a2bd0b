"""What the tests share: vectors, programs on free loopback ports, a broker by script, both halves behind one face."""
