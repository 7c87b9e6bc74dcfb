"""Which photos a person should name next: `suggestions` are between the model and the photos, `command` is
`cad2real label`.
"""
