package op

// identity gives its input another name.
func identity(n *Node) error {
	if err := n.takes(1, 3); err != nil {
		return err
	}
	if _, err := n.activation(0); err != nil {
		return err
	}
	return n.same(0)
}

func foldIdentity(n *Node) error {
	if err := n.takes(1, 3); err != nil {
		return err
	}
	c := *n.In[0].Constant
	return n.known(&c)
}
