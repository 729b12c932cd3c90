package config

import _ "embed"

//go:embed example.yaml
var example []byte

// Example is a configuration file with comments and the tutorial's values.
func Example() []byte { return append([]byte(nil), example...) }
