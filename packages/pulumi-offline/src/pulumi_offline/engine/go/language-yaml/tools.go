//go:build tools

// Package tools pins the Pulumi language host for YAML; see ../README.md.
package tools

import _ "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"
