"""A presenter's footage enters the workspace: at the sheet's size and frame rate, checked, with all that came along."""
