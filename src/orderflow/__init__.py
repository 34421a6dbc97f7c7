"""Follow every order from intake to after-sales."""
