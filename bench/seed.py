NAME = "seed"


def add_arguments(parser):
    pass


def quick(options):
    pass


def run(place):
    pass
