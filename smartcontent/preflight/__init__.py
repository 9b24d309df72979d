"""Before the due time: is all there that a draft needs?"""
