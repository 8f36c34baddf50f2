"""What does it cost: ours and its peers on the same work, in one run."""
