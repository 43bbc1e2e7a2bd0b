module seaway.dev/seaway

go 1.19
