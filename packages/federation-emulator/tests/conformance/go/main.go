// What Google's documentation has for Go: https://pkg.go.dev/cloud.google.com/go/auth/credentials,
// https://pkg.go.dev/golang.org/x/oauth2/google and https://pkg.go.dev/cloud.google.com/go/bigquery.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/bigquery"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
)

const scope = "https://www.googleapis.com/auth/cloud-platform"

func token(ctx context.Context) (any, error) {
	found, err := credentials.DetectDefault(&credentials.DetectOptions{Scopes: []string{scope}})
	if err != nil {
		return nil, err
	}
	token, err := found.Token(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{"token": token.Value != ""}, nil
}

func oauth2Token(ctx context.Context) (any, error) {
	found, err := google.FindDefaultCredentials(ctx, scope)
	if err != nil {
		return nil, err
	}
	token, err := found.TokenSource.Token()
	if err != nil {
		return nil, err
	}
	return map[string]any{"token": token.AccessToken != ""}, nil
}

func query(ctx context.Context) (any, error) {
	client, err := bigquery.NewClient(ctx, os.Getenv("GOOGLE_CLOUD_PROJECT"), option.WithEndpoint(os.Getenv("LOCAL_GOOGLE_URL")))
	if err != nil {
		return nil, err
	}
	found, err := client.Query(os.Getenv("QUERY")).Read(ctx)
	if err != nil {
		return nil, err
	}
	rows := []map[string]bigquery.Value{}
	for {
		row := map[string]bigquery.Value{}
		if err := found.Next(&row); errors.Is(err, iterator.Done) {
			return map[string]any{"rows": rows}, nil
		} else if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}

func main() {
	doing := map[string]func(context.Context) (any, error){"token": token, "oauth2-token": oauth2Token, "query": query}
	found, err := doing[os.Args[1]](context.Background())
	if err != nil {
		found = map[string]any{"error": fmt.Sprintf("%T", err), "message": err.Error()}
	}
	json.NewEncoder(os.Stdout).Encode(found)
}
