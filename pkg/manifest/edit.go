package manifest

// AddComponent returns text, a project's manifest, with the component c. One that stands at the same path is replaced in its place.
func AddComponent(name string, text []byte, c Component) ([]byte, error) { return nil, nil }

// RemoveComponent returns text without the component at path.
func RemoveComponent(name string, text []byte, path string) ([]byte, error) { return nil, nil }

// SetProject returns text with p as its [project].
func SetProject(name string, text []byte, p Project) ([]byte, error) { return nil, nil }
