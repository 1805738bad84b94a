"""What the tests share: projects on disk, databases read directly, errors caught whole."""
