using DistMtl.Protocol;
using TorchSharp;
using static TorchSharp.torch;

namespace DistMtl.Learning;

/// <summary>
/// The model's parameters and gradients, each one vector of P numbers in layout order. The tensors that the model
/// computes with are views into them: new parameters are one copy, and a backward pass adds its gradients in place.
/// </summary>
internal sealed class FlatParameters : IDisposable
{
    private readonly ParameterLayout _layout;
    private readonly Tensor _values_P;
    private readonly Tensor _gradients_P;
    private readonly List<Tensor> _leaves = [];

    public FlatParameters(ParameterLayout layout, Device device)
    {
        _layout = layout;
        Device = device;
        _values_P = zeros(layout.Length, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        _gradients_P = zeros(layout.Length, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
    }

    public Device Device { get; }

    /// <summary>The leaf tensor of one parameter.</summary>
    /// <exception cref="KeyNotFoundException">The layout has no such name.</exception>
    public Tensor Leaf(string name) => Leaf(name, all => all);

    /// <summary>A leaf that is a part of one parameter, such as some columns of it.</summary>
    /// <param name="part">From the parameter to a view of it.</param>
    /// <exception cref="KeyNotFoundException">The layout has no such name.</exception>
    public Tensor Leaf(string name, Func<Tensor, Tensor> part)
    {
        var entry = EntryOf(name);
        return Leaf(entry.Offset, entry.Length, [.. entry.Shape.Select(n => (long)n)], IsFrozen(entry), part);
    }

    /// <exception cref="KeyNotFoundException">The layout has no such name.</exception>
    public IReadOnlyList<int> ShapeOf(string name) => EntryOf(name).Shape;

    /// <summary>One leaf over several tables of equal width that lie side by side, so that one lookup serves all.</summary>
    public Tensor TableLeaf(IReadOnlyList<string> names)
    {
        var entries = names.Select(name => _layout.Entries.First(e => e.Name == name)).ToList();
        for (var i = 1; i < entries.Count; i++)
        {
            if (entries[i].Offset != entries[i - 1].Offset + entries[i - 1].Length)
                throw new InvalidOperationException($"'{entries[i].Name}' does not lie behind '{entries[i - 1].Name}' in the layout");
        }
        return Leaf(entries[0].Offset, entries.Sum(e => e.Length), [-1, entries[0].Shape[1]], entries.TrueForAll(IsFrozen), all => all);
    }

    /// <summary>Takes over new parameters_P.</summary>
    public void Load(ReadOnlySpan<float> parameters_P)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var host = _values_P.device_type == DeviceType.CPU ? _values_P : empty(_layout.Length, dtype: ScalarType.Float32);
        parameters_P.CopyTo(Numbers(host));
        if (!ReferenceEquals(host, _values_P))
            _values_P.copy_(host);
    }

    /// <summary>Replaces the gradients by those of <paramref name="loss"/>; what it does not use gets zero.</summary>
    /// <remarks>
    /// backward, not autograd.grad: its errors are managed exceptions (the other aborts the process), and it adds into
    /// the leaves' gradients in place, which are views of one vector.
    /// </remarks>
    public void Differentiate(Tensor loss, bool keepGraph)
    {
        using (no_grad())
            _gradients_P.zero_();
        loss.backward(retain_graph: keepGraph);
    }

    /// <summary>Copies the gradients of elements <paramref name="offset"/> .. into <paramref name="target"/>.</summary>
    public void CopyGradients(int offset, Span<float> target)
    {
        using var scope = NewDisposeScope();
        var host = _gradients_P.device_type == DeviceType.CPU ? _gradients_P : _gradients_P.cpu();
        Numbers(host).Slice(offset, target.Length).CopyTo(target);
    }

    public void Dispose()
    {
        foreach (var leaf in _leaves)
            leaf.Dispose();
        _values_P.Dispose();
        _gradients_P.Dispose();
    }

    private ParameterEntry EntryOf(string name) => _layout.Entries.FirstOrDefault(e => e.Name == name)
        ?? throw new KeyNotFoundException($"the layout has no parameter '{name}'");

    private static bool IsFrozen(ParameterEntry entry) => entry.LearningRate == 0;

    /// <summary>A frozen one takes part in no backward pass, and its gradient stays zero.</summary>
    private Tensor Leaf(int offset, int length, long[] shape, bool isFrozen, Func<Tensor, Tensor> part)
    {
        using var scope = NewDisposeScope();
        var leaf = part(_values_P.narrow(0, offset, length).view(shape)).detach();
        if (!isFrozen)
        {
            leaf.requires_grad_();
            leaf.grad = part(_gradients_P.narrow(0, offset, length).view(shape));
        }
        _leaves.Add(leaf.DetachFromDisposeScope());
        return leaf;
    }

    private static Span<float> Numbers(Tensor contiguous) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(contiguous.bytes);
}
