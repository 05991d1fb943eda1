"""Interceptors of the client: each module has one, named Interceptor."""
