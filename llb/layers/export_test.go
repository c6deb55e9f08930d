package layers

// Rule is a row of the table.
type Rule = rule

// ReadRules reads the table.
var ReadRules = readRules
