using System.Xml.Linq;

namespace DistMtl.Coordinator.Tests.Deploy;

/// <summary>No image is built here; but a project that a Dockerfile forgets would fail its restore, so that is looked up.</summary>
public sealed class DockerfileTests
{
    [Theory]
    [InlineData("deploy/coordinator.Dockerfile", "coordinator/DistMtl.Coordinator.csproj")]
    [InlineData("deploy/worker.Dockerfile", "worker/DistMtl.Worker.csproj")]
    public void Every_project_is_copied_before_the_restore(string dockerfile, string project)
    {
        var lines = File.ReadAllLines(Path.Combine(Manifests.Root, dockerfile));
        var restore = Array.FindIndex(lines, line => line.StartsWith("RUN dotnet restore", StringComparison.Ordinal));
        var copied = lines.Take(restore).Where(line => line.StartsWith("COPY ", StringComparison.Ordinal)).SelectMany(line => line.Split(' ')).Where(word => word.EndsWith(".csproj", StringComparison.Ordinal));

        Assert.Equal(Needed(project).Order(StringComparer.Ordinal), copied.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("deploy/coordinator.Dockerfile")]
    [InlineData("deploy/worker.Dockerfile")]
    public void What_is_copied_is_there_and_not_ignored(string dockerfile)
    {
        var sent = File.ReadAllLines(Path.Combine(Manifests.Root, ".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..]).ToHashSet();
        foreach (var line in File.ReadAllLines(Path.Combine(Manifests.Root, dockerfile)).Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal)))
        {
            foreach (var source in line.Split(' ')[1..^1])
            {
                Assert.True(Path.Exists(Path.Combine(Manifests.Root, source)), source);
                Assert.Contains(source.Split('/')[0], sent);
            }
        }
    }

    /// <summary>Kubernetes is told that containers are not root by a number; the images must run as the same.</summary>
    [Theory]
    [InlineData("deploy/coordinator.Dockerfile", "k8s/base/coordinator.yaml")]
    [InlineData("deploy/worker.Dockerfile", "k8s/base/workers.yaml")]
    public void Images_and_pods_name_the_same_user(string dockerfile, string manifest)
    {
        var user = Assert.Single(File.ReadAllLines(Path.Combine(Manifests.Root, dockerfile)), line => line.StartsWith("USER ", StringComparison.Ordinal))[5..];
        Assert.Contains($"runAsUser: {user}", File.ReadAllText(Path.Combine(Manifests.Root, manifest)), StringComparison.Ordinal);
    }

    private static HashSet<string> Needed(string project)
    {
        var needed = new HashSet<string>();
        var open = new Stack<string>([project]);
        while (open.TryPop(out var next))
        {
            if (!needed.Add(next))
                continue;
            var folder = Path.GetDirectoryName(Path.Combine(Manifests.Root, next))!;
            foreach (var reference in XDocument.Load(Path.Combine(Manifests.Root, next)).Descendants("ProjectReference"))
                open.Push(Path.GetRelativePath(Manifests.Root, Path.GetFullPath(Path.Combine(folder, reference.Attribute("Include")!.Value))));
        }
        return needed;
    }
}
