"""The components for programs in other languages: `pulumi package add` of this folder."""

from keyless_bigquery.components.component_host import main

if __name__ == "__main__":
    main()
