using System.Runtime.Serialization;
using Akka.Actor;
using DistMtl.Protocol.Messages;

namespace DistMtl.Clustering.Tests;

/// <summary>The control plane's wire: what is there stays as it is, and nothing that is sent can break an association.</summary>
public sealed class MessageSerializerTests : IDisposable
{
    /// <summary>One of every message, by its manifest: a message without an example here is found by a test.</summary>
    private static readonly Dictionary<string, (IClusterMessage Message, string Bytes)> s_examples = new()
    {
        ["S1"] = (new StartShard(new ShardId("job-1", 3, 8), 2, "10.0.0.5", 4054), "9493A56A6F622D31030802A831302E302E302E35CD0FD6"),
        ["S2"] = (new ShardHosted(new ShardId("job-1", 3, 8), 2, "10.0.0.6:4055"), "9393A56A6F622D31030802AD31302E302E302E363A34303535"),
        ["S3"] = (new StopShard(new ShardId("job-1", 3, 8)), "9193A56A6F622D310308"),
        ["W2"] = (new WorkerLeaving("job-1", "10.0.0.6:4055"), "92A56A6F622D31AD31302E302E302E363A34303535"),
        ["W1"] = (new WorkerFailed("job-1", "10.0.0.6:4055", "no", 3), "94A56A6F622D31AD31302E302E302E363A34303535A26E6F03"),
        ["J1"] = (new TermBegan(2, "10.0.0.5:4053"), "9202AD31302E302E302E353A34303533"),
        ["J2"] = (new RunSubmitted("run-1", "job.yaml", "name: x", ["seed=3"], 4, "s"), "96A572756E2D31A86A6F622E79616D6CA76E616D653A207891A6736565643D3304A173"),
        ["J3"] = (new CheckpointCommitted("run-1", 50, 2), "93A572756E2D313202"),
        ["J4"] = (new RunFinished("run-1", 3, "no", 2), "94A572756E2D3103A26E6F02"),
        ["C1"] = (new AskService(), "90"),
        ["C2"] = (new ServiceAt("http://10.0.0.5:8080"), "91B4687474703A2F2F31302E302E302E353A38303830"),
    };

    private readonly ActorSystem _system = ActorSystem.Create("serializer");

    private MessageSerializer Serializer => new((ExtendedActorSystem)_system);

    public static TheoryData<string> Manifests => [.. MessageTable.ByManifest.Keys];

    public void Dispose() => _system.Dispose();

    [Fact]
    public void Manifests_are_only_added_to()
    {
        Assert.Equal(
            ["C1=AskService", "C2=ServiceAt", "J1=TermBegan", "J2=RunSubmitted", "J3=CheckpointCommitted", "J4=RunFinished", "S1=StartShard", "S2=ShardHosted", "S3=StopShard", "W1=WorkerFailed", "W2=WorkerLeaving"],
            MessageTable.ByManifest.Select(pair => $"{pair.Key}={pair.Value.Name}").Order(StringComparer.Ordinal));
        Assert.Equal(4711, Serializer.Identifier);
    }

    [Fact]
    public void Every_message_has_a_manifest_and_no_two_share_one()
    {
        var messages = typeof(IClusterMessage).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(IClusterMessage)) && !type.IsInterface);
        Assert.Equal(messages.OrderBy(type => type.Name), MessageTable.ByManifest.Values.OrderBy(type => type.Name));
        Assert.All(MessageTable.ByManifest.Values, type => Assert.True(type.IsSealed));
    }

    [Theory, MemberData(nameof(Manifests))]
    public void A_message_survives_the_wire_in_frozen_bytes(string manifest)
    {
        var (message, bytes) = s_examples[manifest];

        Assert.Equal(manifest, Serializer.Manifest(message));
        Assert.Equal(bytes, Convert.ToHexString(Serializer.ToBinary(message)));
        // Records with arrays are equal if their bytes are.
        var read = Serializer.FromBinary(Convert.FromHexString(bytes), manifest);
        Assert.IsType(message.GetType(), read);
        Assert.Equal(bytes, Convert.ToHexString(Serializer.ToBinary(read)));
    }

    [Fact]
    public void An_unknown_manifest_is_refused()
    {
        var bytes = Serializer.ToBinary(s_examples["S1"].Message);
        foreach (var manifest in new[] { "S9", "", "s1", typeof(StartShard).AssemblyQualifiedName! })
            Assert.Throws<SerializationException>(() => Serializer.FromBinary(bytes, manifest));
    }

    [Fact]
    public void What_is_not_in_the_table_is_not_sent()
    {
        Assert.Throws<SerializationException>(() => Serializer.ToBinary("text"));
        Assert.Throws<SerializationException>(() => Serializer.Manifest(new object()));
    }

    /// <summary>Any other exception here would tear the association between two nodes down.</summary>
    [Fact]
    public void Damaged_bytes_are_read_or_refused_by_a_serialization_exception_and_by_nothing_else()
    {
        var random = new Random(20);
        var (serializer, read, refused) = (Serializer, 0, 0);
        foreach (var (manifest, example) in s_examples)
        {
            var original = Convert.FromHexString(example.Bytes);
            for (var i = 0; i < 2000; i++)
            {
                var bytes = original[..random.Next(1, original.Length + 1)];
                for (var flips = random.Next(4); flips > 0; flips--)
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                if (i % 4 == 0)
                    random.NextBytes(bytes);
                try
                {
                    Assert.IsAssignableFrom<IClusterMessage>(serializer.FromBinary(bytes, manifest));
                    read++;
                }
                catch (SerializationException)
                {
                    refused++;
                }
            }
            Assert.Throws<SerializationException>(() => serializer.FromBinary([], manifest));
        }
        Assert.InRange(read, 1, refused);
    }
}
