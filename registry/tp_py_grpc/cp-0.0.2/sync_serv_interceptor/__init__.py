"""Interceptors of the service: each module has one, named Interceptor."""
