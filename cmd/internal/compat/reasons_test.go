package compat

func (c *comparison) explain(d difference) string { return "" }
