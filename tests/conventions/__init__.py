"""The house style as tests: each rule reads source trees and says in sentences what is wrong with them."""
