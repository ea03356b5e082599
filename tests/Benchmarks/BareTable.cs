using TorchSharp.Modules;
using static TorchSharp.torch;

namespace DistMtl.Benchmarks;

/// <summary>The embedding table of the bare loop and how it is trained.</summary>
internal interface IBareTable : IDisposable
{
    /// <summary>ids_BF to embeddings, B x (F x D).</summary>
    Tensor Lookup(Tensor ids_BF);

    /// <summary>One update from the gradients of the last lookup.</summary>
    void Step();
}

/// <summary>As TorchSharp has it: nn.Embedding under optim.Adam, every row updated in every step.</summary>
internal sealed class DenseBareTable : IBareTable
{
    private readonly Embedding _table = nn.Embedding(ModelSize.TableRows, ModelSize.Dim);
    private readonly optim.Optimizer _optimizer;

    public DenseBareTable() => _optimizer = optim.Adam(_table.parameters(), ModelSize.LearningRate);

    public Tensor Lookup(Tensor ids_BF)
    {
        _optimizer.zero_grad();
        return _table.forward(ids_BF).flatten(1);
    }

    public void Step() => _optimizer.step();

    public void Dispose()
    {
        _optimizer.Dispose();
        _table.Dispose();
    }
}

/// <summary>
/// The table outside the optimiser: the step's distinct rows are taken out, differentiated, and updated by lazy Adam
/// (torch.optim.SparseAdam: moments of untouched rows stay as they are). A step costs what its rows cost.
/// </summary>
internal sealed class SparseBareTable : IBareTable
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;

    private readonly Tensor _table_RD = randn(ModelSize.TableRows, ModelSize.Dim);
    private readonly Tensor _mean_RD = zeros(ModelSize.TableRows, ModelSize.Dim);
    private readonly Tensor _square_RD = zeros(ModelSize.TableRows, ModelSize.Dim);
    private Tensor? _ids_U;
    private Tensor? _rows_UD;
    private int _steps;

    public Tensor Lookup(Tensor ids_BF)
    {
        var (ids_U, positions_BF, _) = ids_BF.unique(sorted: true, return_inverse: true);
        _ids_U = ids_U;
        _rows_UD = _table_RD.index_select(0, ids_U).requires_grad_();
        return _rows_UD.index_select(0, positions_BF!.flatten()).view(ids_BF.shape[0], -1);
    }

    public void Step()
    {
        if (_ids_U is not { } ids_U || _rows_UD?.grad is not { } gradient_UD)
            throw new InvalidOperationException("no rows were looked up and differentiated");
        _steps++;
        using var _ = no_grad();
        var mean_UD = _mean_RD.index_select(0, ids_U).mul_(Beta1).add_(gradient_UD, alpha: 1 - Beta1);
        var square_UD = _square_RD.index_select(0, ids_U).mul_(Beta2).addcmul_(gradient_UD, gradient_UD, value: 1 - Beta2);
        var stepSize = ModelSize.LearningRate * Math.Sqrt(1 - Math.Pow(Beta2, _steps)) / (1 - Math.Pow(Beta1, _steps));
        var rows_UD = _rows_UD.detach().addcdiv_(mean_UD, square_UD.sqrt().add_(Epsilon), value: -stepSize);
        _mean_RD.index_copy_(0, ids_U, mean_UD);
        _square_RD.index_copy_(0, ids_U, square_UD);
        _table_RD.index_copy_(0, ids_U, rows_UD);
    }
    public void Dispose()
    {
        _table_RD.Dispose();
        _mean_RD.Dispose();
        _square_RD.Dispose();
    }
}
