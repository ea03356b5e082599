using System.CommandLine;
using System.Globalization;
using DistMtl.Aggregation.Weightings;
using DistMtl.Coordinator.Commands;
using DistMtl.Protocol.Jobs;
using k8s.Models;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace DistMtl.Coordinator.Tests.Deploy;

/// <summary>No cluster runs the manifests here; so every name and number that must be equal in two places is compared.</summary>
public sealed class ManifestTests
{
    private static readonly V1Job s_job = Manifests.One<V1Job>("distmtl-train");
    private static readonly V1StatefulSet s_workers = Manifests.One<V1StatefulSet>("distmtl-worker");
    private static readonly V1PodTemplateSpec[] s_pods = [s_job.Spec.Template, s_workers.Spec.Template];
    private static readonly V1Container s_coordinator = Assert.Single(s_job.Spec.Template.Spec.Containers);
    private static readonly V1Container s_worker = Assert.Single(s_workers.Spec.Template.Spec.Containers);

    public static TheoryData<string> Files => [.. Manifests.Files];

    [Theory, MemberData(nameof(Files))]
    public void A_manifest_has_no_unknown_field(string file)
    {
        Assert.NotEmpty(Manifests.Read(file));
        Assert.All(Manifests.Read(file), item => Assert.NotNull(item.Metadata.Name));
    }

    [Theory]
    [InlineData("podManagementPolicy: Parallel", "podManagmentPolicy: Parallel")]
    [InlineData("readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true")]
    [InlineData("replicas: 2", "replicas: two")]
    public void A_misspelt_field_or_a_wrong_value_is_found(string right, string wrong)
    {
        var yaml = File.ReadAllText(Path.Combine(Manifests.Root, "k8s/base/workers.yaml"));
        Assert.Contains(right, yaml, StringComparison.Ordinal);
        Assert.ThrowsAny<YamlException>(() => Manifests.Parse(yaml.Replace(right, wrong, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("base")]
    [InlineData("overlays/gpu")]
    public void A_kustomization_names_every_manifest_beside_it(string folder)
    {
        folder = Path.Combine(Manifests.Root, "k8s", folder);
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(Path.Combine(folder, "kustomization.yaml"))));
        var named = yaml.Documents[0].RootNode.AllNodes.OfType<YamlScalarNode>().Select(node => node.Value!).Where(text => text.EndsWith(".yaml", StringComparison.Ordinal));
        var there = Directory.EnumerateFiles(folder, "*.yaml").Select(path => Path.GetFileName(path)!).Where(name => name != "kustomization.yaml");
        Assert.Equal(there.Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_job_file_in_the_config_map_is_valid()
    {
        var reading = JobFileReader.Parse(Manifests.One<V1ConfigMap>("distmtl-job").Data["job.yaml"], "job.yaml", "/etc/distmtl", [], WeightingTable.Descriptions);

        Assert.Empty(reading.Problems);
        Assert.StartsWith(MountPath(s_coordinator, "data") + "/", reading.Job!.Data.Train, StringComparison.Ordinal);
        Assert.InRange(s_workers.Spec.Replicas!.Value, 1, reading.Job.Data.Shards);
    }

    [Fact]
    public void The_job_file_in_the_config_map_is_the_demo_with_its_data_elsewhere()
    {
        var demo = JobFileReader.Read(Path.Combine(Manifests.Root, "deploy/jobs/ecommerce.yaml"), ["data.train=/data/ecommerce/train.csv"], WeightingTable.Descriptions);
        var embedded = JobFileReader.Parse(Manifests.One<V1ConfigMap>("distmtl-job").Data["job.yaml"], "job.yaml", "/etc/distmtl", [], WeightingTable.Descriptions);

        Assert.Equal(JobFileWriter.Write(demo.Job!), JobFileWriter.Write(embedded.Job!));
    }

    [Fact]
    public void The_coordinators_arguments_are_a_command_of_this_program()
    {
        var root = new RootCommand();
        foreach (var command in CommandTable.All)
            root.Subcommands.Add(command);
        var parse = root.Parse([.. s_coordinator.Args]);

        Assert.Empty(parse.Errors);
        Assert.Equal("train", parse.CommandResult.Command.Name);
        Assert.NotEmpty(root.Parse([.. s_coordinator.Args, "--remote-wrokers"]).Errors);
    }

    /// <summary>The worker carries libtorch, so its command line is not referenced here but looked up in its source.</summary>
    [Fact]
    public void The_workers_arguments_are_options_of_its_program()
    {
        var source = File.ReadAllText(Path.Combine(Manifests.Root, "worker/WorkerCommand.cs"));
        foreach (var option in s_worker.Args.Where(argument => argument.StartsWith("--", StringComparison.Ordinal)))
            Assert.Contains($"(\"{option}\")", source, StringComparison.Ordinal);
        Assert.True(int.Parse(Argument(s_worker, "--join-timeout"), CultureInfo.InvariantCulture) > 0);
    }

    [Fact]
    public void Workers_find_the_coordinator_by_the_service_and_its_ports()
    {
        var service = Manifests.One<V1Service>(Argument(s_coordinator, "--host"));

        Assert.Equal("None", service.Spec.ClusterIP);
        Assert.True(service.Spec.PublishNotReadyAddresses);
        AssertSelects(service.Spec.Selector, s_job.Spec.Template);
        Assert.Equal($"{service.Metadata.Name}:{Argument(s_coordinator, "--port")}", Argument(s_worker, "--join"));
        AssertPort(service, "cluster", "--port");
        AssertPort(service, "tensors", "--tensor-port");
    }

    [Fact]
    public void The_stateful_set_owns_its_pods_and_no_others()
    {
        AssertSelects(s_workers.Spec.Selector.MatchLabels, s_workers.Spec.Template);
        AssertSelects(Manifests.One<V1Service>(s_workers.Spec.ServiceName).Spec.Selector, s_workers.Spec.Template);
        Assert.Contains(s_workers.Spec.Selector.MatchLabels, label => s_job.Spec.Template.Metadata.Labels[label.Key] != label.Value);
    }

    [Fact]
    public void A_run_waits_for_as_many_workers_as_there_are() =>
        Assert.Equal(s_workers.Spec.Replicas!.Value.ToString(CultureInfo.InvariantCulture), Argument(s_coordinator, "--remote-workers"));

    [Fact]
    public void All_pods_see_the_data_at_one_path_and_the_runs_lie_there_too()
    {
        Assert.Equal(MountPath(s_coordinator, "data"), MountPath(s_worker, "data"));
        Assert.StartsWith(MountPath(s_coordinator, "data") + "/", Argument(s_coordinator, "--out"), StringComparison.Ordinal);
        Assert.Equal(["ReadWriteMany"], Manifests.One<V1PersistentVolumeClaim>("distmtl-data").Spec.AccessModes);
        Assert.Contains(MountPath(s_coordinator, "job") + "/job.yaml", s_coordinator.Args);
    }

    [Fact]
    public void What_is_mounted_is_declared()
    {
        foreach (var pod in s_pods)
        {
            foreach (var volume in pod.Spec.Volumes)
            {
                if (volume.ConfigMap is { } map)
                    Manifests.One<V1ConfigMap>(map.Name);
                else if (volume.PersistentVolumeClaim is { } claim)
                    Manifests.One<V1PersistentVolumeClaim>(claim.ClaimName);
                else
                    Assert.NotNull(volume.EmptyDir);
            }
            var mounts = pod.Spec.Containers.SelectMany(container => container.VolumeMounts).Select(mount => mount.Name);
            Assert.Equal(pod.Spec.Volumes.Select(volume => volume.Name).Order(), mounts.Order());
        }
    }

    [Fact]
    public void Variables_in_arguments_are_declared()
    {
        foreach (var container in s_pods.SelectMany(pod => pod.Spec.Containers))
        {
            foreach (var argument in container.Args.Where(argument => argument.Contains("$(", StringComparison.Ordinal)))
            {
                var name = argument[(argument.IndexOf("$(", StringComparison.Ordinal) + 2)..argument.IndexOf(')', StringComparison.Ordinal)];
                Assert.Contains(container.Env, variable => variable.Name == name);
            }
        }
    }

    [Fact]
    public void Containers_run_with_as_few_rights_as_they_need()
    {
        foreach (var pod in s_pods)
        {
            Assert.True(pod.Spec.SecurityContext.RunAsNonRoot);
            Assert.False(pod.Spec.AutomountServiceAccountToken);
            Assert.All(pod.Spec.Containers, container =>
            {
                Assert.False(container.SecurityContext.AllowPrivilegeEscalation);
                Assert.True(container.SecurityContext.ReadOnlyRootFilesystem);
                Assert.Equal(["ALL"], container.SecurityContext.Capabilities.Drop);
                Assert.Contains(container.VolumeMounts, mount => mount.MountPath == "/tmp");
                Assert.Contains("memory", container.Resources.Limits.Keys);
            });
        }
    }

    [Fact]
    public void The_gpu_overlay_patches_the_workers_by_name()
    {
        var patch = Assert.IsType<V1StatefulSet>(Assert.Single(Manifests.Read("k8s/overlays/gpu/workers.yaml")));

        Assert.Equal(s_workers.Metadata.Name, patch.Metadata.Name);
        var container = Assert.Single(patch.Spec.Template.Spec.Containers);
        Assert.Equal(s_worker.Name, container.Name);
        Assert.Equal(1, container.Resources.Limits["nvidia.com/gpu"].ToInt32());
    }

    private static void AssertPort(V1Service service, string name, string option)
    {
        var port = Assert.Single(service.Spec.Ports, port => port.Name == name);
        var open = Assert.Single(s_coordinator.Ports, port => port.Name == name);
        Assert.Equal(Argument(s_coordinator, option), port.Port.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(port.Port, open.ContainerPort);
        Assert.Equal(name, port.TargetPort.Value);
    }

    private static void AssertSelects(IDictionary<string, string> selector, V1PodTemplateSpec pod)
    {
        Assert.NotEmpty(selector);
        Assert.All(selector, label => Assert.Equal(label.Value, pod.Metadata.Labels[label.Key]));
    }

    private static string Argument(V1Container container, string option)
    {
        var at = container.Args.IndexOf(option);
        Assert.True(at >= 0, $"{container.Name} has no {option}");
        return container.Args[at + 1];
    }

    private static string MountPath(V1Container container, string volume) =>
        Assert.Single(container.VolumeMounts, mount => mount.Name == volume).MountPath;
}
