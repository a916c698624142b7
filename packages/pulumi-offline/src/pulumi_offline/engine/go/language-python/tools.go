//go:build tools

// Package tools pins the Pulumi language host for Python; see ../README.md.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"
