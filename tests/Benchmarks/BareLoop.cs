using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace DistMtl.Benchmarks;

/// <summary>
/// The same model trained by TorchSharp alone: what one core can do without a cluster. Random ids and labels, a few
/// batches in turn, one intra-op thread.
/// </summary>
internal sealed class BareLoop : IDisposable
{
    private const int Batches = 8;

    private readonly BareModel _model;
    private readonly IBareTable _table;
    private readonly optim.Optimizer _optimizer;
    private readonly (Tensor Ids_BF, Tensor Labels_BT)[] _batches;

    public BareLoop(bool sparse)
    {
        set_num_threads(1);
        manual_seed(1);
        _model = new BareModel();
        _table = sparse ? new SparseBareTable() : new DenseBareTable();
        _optimizer = optim.Adam(_model.parameters(), ModelSize.LearningRate);
        _batches =
        [
            .. Enumerable.Range(0, Batches).Select(_ => (
                randint(ModelSize.TableRows, [ModelSize.Batch, ModelSize.Fields], ScalarType.Int64),
                rand(ModelSize.Batch, ModelSize.Tasks).gt(0.5).to(ScalarType.Float32))),
        ];
    }

    /// <returns>The mean loss over the tasks of the last step.</returns>
    public double Run(int steps)
    {
        var loss = 0.0;
        for (var k = 0; k < steps; k++)
            loss = Step(_batches[k % Batches]);
        return loss;
    }

    public void Dispose()
    {
        foreach (var (ids_BF, labels_BT) in _batches)
        {
            ids_BF.Dispose();
            labels_BT.Dispose();
        }
        _optimizer.Dispose();
        _table.Dispose();
        _model.Dispose();
    }

    private double Step((Tensor Ids_BF, Tensor Labels_BT) batch)
    {
        using var scope = NewDisposeScope();
        _optimizer.zero_grad();
        var logits_T = _model.forward(_table.Lookup(batch.Ids_BF));
        var loss = functional.binary_cross_entropy_with_logits(logits_T[0], batch.Labels_BT.select(1, 0));
        for (var t = 1; t < logits_T.Length; t++)
            loss += functional.binary_cross_entropy_with_logits(logits_T[t], batch.Labels_BT.select(1, t));
        loss.backward();
        _optimizer.step();
        _table.Step();
        return loss.item<float>() / logits_T.Length;
    }
}
