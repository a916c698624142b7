//go:build tools

// Package tools pins actionlint, which `make lint` builds and runs over the workflows.
package tools

import _ "github.com/rhysd/actionlint/cmd/actionlint"
