"""Small servers on OpenAI's ChatKit SDK, of the kinds that people have, with a model that is not one."""
