using k8s;
using k8s.Models;

namespace DistMtl.Coordinator.Tests.Deploy;

/// <summary>The Kubernetes objects of k8s/, read as strictly as the API server reads them.</summary>
internal static class Manifests
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every manifest, relative to the repository; kustomizations are not objects of the API.</summary>
    public static IEnumerable<string> Files => Directory
        .EnumerateFiles(Path.Combine(Root, "k8s"), "*.yaml", SearchOption.AllDirectories)
        .Where(path => Path.GetFileName(path) != "kustomization.yaml")
        .Select(path => Path.GetRelativePath(Root, path))
        .Order(StringComparer.Ordinal);

    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Base { get; } =
        [.. Files.Where(file => file.StartsWith(Path.Combine("k8s", "base"), StringComparison.Ordinal)).SelectMany(Read)];

    public static T One<T>(string name) => (T)Assert.Single(Base, item => item is T && item.Metadata.Name == name);

    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Read(string file) => Parse(File.ReadAllText(Path.Combine(Root, file)));

    /// <exception cref="YamlDotNet.Core.YamlException">An unknown field, or a value of another type.</exception>
    public static IReadOnlyList<IKubernetesObject<V1ObjectMeta>> Parse(string yaml) =>
        [.. KubernetesYaml.LoadAllFromString(yaml, strict: true).Cast<IKubernetesObject<V1ObjectMeta>>()];

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "DistMtl.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("the tests do not run inside the repository");
        return folder;
    }
}
