//go:build tools

// Package tools pins the Pulumi language host for Node; see ../README.md.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
