"""Networks as torch modules, for weights that no library we use can load; heavy, imported by loaders alone."""
