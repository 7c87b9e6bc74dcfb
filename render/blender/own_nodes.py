"""The nodes of geometry that make their shape from the file that they stand in alone.

A list of what may be, not of what may not: a node that a newer Blender brings is not trusted before somebody has looked
at it. tests/render/parts/test_outside_data.py says which nodes of the installed Blender are missing here, and why.
"""

_GEOMETRY = """
    AccumulateField AttributeDomainSize AttributeStatistic Bake BlurAttribute BoneInfo BoundBox CameraInfo
    CaptureAttribute ClosureToList ClusterByConnected ClusterByDistance CollectionChildren CollectionInfo ConvexHull
    CornersOfEdge CornersOfFace CornersOfVertex CubeGridTopology CurveArc CurveEndpointSelection
    CurveHandleTypeSelection CurveLength CurveOfPoint CurvePrimitiveBezierSegment CurvePrimitiveCircle
    CurvePrimitiveLine CurvePrimitiveQuadrilateral CurveQuadraticBezier CurveSetHandles CurveSpiral CurveSplineType
    CurveStar CurveToMesh CurveToPoints CurvesToGreasePencil DeformCurvesOnSurface DeleteGeometry
    DistributePointsInGrid DistributePointsInVolume DistributePointsOnFaces DualMesh DuplicateElements
    EdgePathsToCurves EdgePathsToSelection EdgesOfCorner EdgesOfVertex EdgesToFaceGroups ExtrudeMesh FaceOfCorner
    FieldAtIndex FieldAverage FieldMinAndMax FieldOnDomain FieldToGrid FieldToList FieldVariance FillCurve
    FilletCurve FilterList FlipFaces ForeachGeometryElementInput ForeachGeometryElementOutput GeometryToInstance
    GetAttributeNames GetGeometryBundle GetGeometryComponent GetNamedGrid GizmoDial GizmoLinear GizmoTransform
    GreasePencilToCurves GridAdvect GridClip GridCurl GridDilateAndErode GridDivergence GridGradient GridInfo
    GridLaplacian GridMean GridMedian GridPrune GridToMesh GridToPoints GridVoxelize Group ImageInfo ImageTexture
    IndexOfNearest IndexSwitch InputActiveCamera InputCollection InputCurveHandlePositions InputCurveTilt
    InputEdgeSmooth InputFont InputID InputImage InputIndex InputInstanceBounds InputInstanceReference
    InputInstanceRotation InputInstanceScale InputMaterial InputMaterialIndex InputMeshEdgeAngle
    InputMeshEdgeNeighbors InputMeshEdgeVertices InputMeshFaceArea InputMeshFaceIsPlanar InputMeshFaceNeighbors
    InputMeshIsland InputMeshVertexNeighbors InputNamedAttribute InputNamedLayerSelection InputNormal InputObject
    InputPosition InputRadius InputSceneTime InputShadeSmooth InputShortestEdgePaths InputSplineCyclic
    InputSplineResolution InputTangent InputVoxelIndex InstanceOnPoints InstanceTransform InstancesToPoints
    InterpolateCurves IsViewport JoinGeometry ListGetItem ListLength MaterialSelection MenuSwitch MergeByDistance
    MergeLayers MergePoints MeshBevel MeshBoolean MeshCircle MeshCone MeshCube MeshCylinder MeshFaceSetBoundaries
    MeshGrid MeshIcoSphere MeshLine MeshToCurve MeshToDensityGrid MeshToPoints MeshToSDFGrid MeshToVolume
    MeshUVSphere ObjectInfo OffsetCornerInFace OffsetPointInCurve Points PointsOfCurve PointsToCurves
    PointsToSDFGrid PointsToVertices PointsToVolume Proximity Raycast RealizeInstances RemoveAttribute
    RenameAttribute RepeatInput RepeatOutput ReplaceMaterial ResampleCurve ReverseCurve RotateInstances
    SDFGridBoolean SDFGridFillet SDFGridLaplacian SDFGridMean SDFGridMeanCurvature SDFGridMedian SDFGridOffset
    SampleCurve SampleGrid SampleGridIndex SampleIndex SampleNearest SampleNearestSurface SampleSoundFrequencies
    SampleUVSurface ScaleElements ScaleInstances SelfObject SeparateComponents SeparateGeometry
    SetCurveHandlePositions SetCurveNormal SetCurveRadius SetCurveTilt SetGeometryBundle SetGeometryName
    SetGreasePencilColor SetGreasePencilDepth SetGreasePencilSoftness SetGridBackground SetGridTransform SetID
    SetInstanceTransform SetMaterial SetMaterialIndex SetMeshNormal SetNURBSOrder SetNURBSWeight SetPointRadius
    SetPosition SetShadeSmooth SetSplineCyclic SetSplineResolution SimulationInput SimulationOutput SortElements
    SortList SplineLength SplineParameter SplitEdges SplitToInstances StoreNamedAttribute StoreNamedGrid StringJoin
    StringToCurves SubdivideCurve SubdivideMesh SubdivisionSurface Switch TagFilter Tool3DCursor ToolActiveElement
    ToolFaceSet ToolMousePosition ToolSelection ToolSetFaceSet ToolSetSelection TransferAttributes Transform
    TranslateInstances Triangulate TrimCurve UVPackIslands UVTangent UVUnwrap VertexOfCorner Viewer
    ViewportTransform VolumeCube VolumeToMesh Warning XPBDSolver
"""
_FUNCTION = """
    AlignEulerToVector AlignRotationToVector AxesToRotation AxisAngleToRotation BitMath BooleanMath CombineColor
    CombineMatrix CombineTransform Compare EulerToRotation FindInString FloatToInt FormatString HashValue InputBool
    InputColor InputInt InputIntVector InputMenu InputRotation InputSpecialCharacters InputString InputVector
    IntegerMath InvertMatrix InvertRotation MatchString MatrixDeterminant MatrixMultiply MatrixSVD ProjectPoint
    QuaternionToRotation RandomValue ReplaceString ReverseString RotateEuler RotateRotation RotateVector
    RotationToAxisAngle RotationToEuler RotationToQuaternion SeparateColor SeparateMatrix SeparateTransform
    SetStringCase SliceString SplitString StringLength StringToValue TransformDirection TransformPoint
    TransposeMatrix TrimString ValueToString
"""
_SHADER = """
    Blackbody Clamp CombineXYZ FloatCurve Gamma MapRange Math Mix MixRGB RGBCurve RadialTiling SeparateXYZ TexBrick
    TexChecker TexGabor TexGradient TexMagic TexNoise TexVoronoi TexWave TexWhiteNoise ValToRGB Value VectorCurve
    VectorMath VectorRotate
"""
_PLAIN = """
    NodeClosureInput NodeClosureOutput NodeCombineBundle NodeEnableOutput NodeEvaluateClosure NodeFrame
    NodeGetBundleItem NodeGetNestedBundlePaths NodeGroupInput NodeGroupOutput NodeImplicitConversion NodeJoinBundle
    NodeReroute NodeSeparateBundle NodeStoreBundleItem
"""
OWN_NODES = frozenset(
    prefix + name
    for prefix, names in (
        ("GeometryNode", _GEOMETRY),
        ("FunctionNode", _FUNCTION),
        ("ShaderNode", _SHADER),
        ("", _PLAIN),
    )
    for name in names.split()
)
"""`bl_idname` of each. Pictures, fonts and volumes that they use are the matter of `render.blender.outside_data`."""
