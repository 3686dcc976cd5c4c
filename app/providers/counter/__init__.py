"""What the ways to pay have in common that the operator confirms: nobody else can be asked."""
