"""What panes and screens are made of; nothing here knows anything of networks."""
