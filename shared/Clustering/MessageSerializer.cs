using System.Runtime.Serialization;
using Akka.Actor;
using Akka.Serialization;
using DistMtl.Protocol.Messages;
using MessagePack;

namespace DistMtl.Clustering;

/// <summary>
/// The one serializer of the control plane: MessagePack by the manifests of <see cref="MessageTable"/>, and nothing
/// else. Only a SerializationException is harmless when thrown here; any other would tear the association down.
/// </summary>
public sealed class MessageSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const int MaxDepth = 16;

    private static readonly MessagePackSerializerOptions s_options =
        MessagePackSerializerOptions.Standard.WithSecurity(MessagePackSecurity.UntrustedData.WithMaximumObjectGraphDepth(MaxDepth));

    private static readonly Dictionary<Type, string> s_manifests = MessageTable.ByManifest.ToDictionary(pair => pair.Value, pair => pair.Key);

    /// <summary>Frozen: it is on the wire. 0 to 100 are Akka's own.</summary>
    public override int Identifier => 4711;

    public override string Manifest(object o) => s_manifests.TryGetValue(o.GetType(), out var manifest)
        ? manifest
        : throw new SerializationException($"{o.GetType().Name} is not in the message table");

    public override byte[] ToBinary(object obj)
    {
        _ = Manifest(obj);
        return MessagePackSerializer.Serialize(obj.GetType(), obj, s_options);
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (!MessageTable.ByManifest.TryGetValue(manifest, out var type))
            throw new SerializationException($"no message has the manifest '{manifest}'");
        try
        {
            return MessagePackSerializer.Deserialize(type, bytes, s_options)
                ?? throw new SerializationException($"an empty {type.Name}");
        }
        catch (MessagePackSerializationException e)
        {
            throw new SerializationException($"an unreadable {type.Name}: {e.Message}", e);
        }
    }
}
