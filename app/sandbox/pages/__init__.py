"""Pages for a customer's phone: plain HTML and CSS, useful without any script."""
