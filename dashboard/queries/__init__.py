"""From rows to what pages and the API show. Reads only; no transaction is opened or ended here."""
