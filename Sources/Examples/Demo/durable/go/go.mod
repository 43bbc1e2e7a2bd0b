module seaway.dev/demo/durable

go 1.19

require seaway.dev/seaway v0.0.0

replace seaway.dev/seaway => ../../../../../clients/go
