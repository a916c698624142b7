//go:build tools

// Package tools pins the Pulumi CLI; see ../README.md.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
